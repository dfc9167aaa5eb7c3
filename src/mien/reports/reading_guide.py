"""What every report says about reading it: guide, limits, law."""

from mien.reports.columns import Columns

READING = """<section id="guide" class="prose"><h2>How to read this report</h2>
<h3>Expressed, not felt</h3>
<p>The model listens to <em>how</em> something is said: pitch, loudness, tempo, the color of the voice. It \
estimates which affect that manner of speaking <strong>expresses</strong>, as listeners would label it. It
does not
know the words, the situation or the person, and it cannot tell what anyone feels. A flat voice may hide
grief; a
tense one may be a poor line.</p>
"""

CATEGORIES = """<h3>Categories</h3>
<p>For each stretch of speech the probabilities of all categories add up to 100 %. A lane's height is the \
probability; the strip on top shows the strongest one. Sixty percent for <em>sadness</em> means that, of
many voices
like this one, about six in ten were labelled sad; it does not mean “60 % sad”. Read patterns over minutes \
rather than single blocks.</p>
"""

DOUBT = """<h3>Two kinds of doubt</h3>
<dl class="terms"><dt>The voice is ambiguous <span>(aleatoric)</span></dt><dd>The voice itself lies between
categories. Human listeners would disagree too, and a better model would not settle it.</dd>
<dt>The voice is unfamiliar <span>(epistemic)</span></dt><dd>The models that vote together contradict each
other:
they have not learned from voices like this one, for instance because of language, age, microphone or
noise. More
suitable training data could settle it.</dd>
<dt>Abstaining</dt><dd>Where the two together are too large, the model abstains. Those stretches are
hatched. Treat
them as missing values, not as neutral.</dd></dl>
"""

DERIVED = """<h3>Derived dimensions</h3>
<p>Dotted lines (<em>derived</em>) are not measured in the voice. They are computed from the categories by
published
norms: valence from unpleasant (−1) to pleasant (1), arousal from calm to excited, dominance from yielding
to in
control. They hold nothing that the categories do not hold; do not analyze both as if they were
independent.</p>
"""

OWN = """<h3>Dimensions of the model's own</h3>
<p>Solid lines come from the model itself, trained on ratings of that dimension. <em>Intensity</em>, where
given,
runs from 0 (restrained) to 1 (strong).</p>
"""

LIMITS = """<section id="limits" class="prose"><h2>Limits</h2>
<ul><li>Most training speech is <strong>acted</strong>: clear, brief and recorded in a studio. Everyday
speech is
subtler, and accuracy there is lower than the scores above.</li>
<li>Languages, accents, ages, voice disorders and recording conditions that the training data lack may
shift results
<strong>systematically</strong>. Do not compare persons or groups unless you have tested that the error is
the same
for them.</li>
<li>Speech is found automatically. Laughter, crying, music and speech of several people at once may be
missed or
misread.</li>
<li>Before a conclusion, listen to the passages it rests on. That is what the player is for.</li></ul>
"""

LAW = """<section id="law" class="prose law"><h2>Where its use is unlawful, and where it needs consent</h2>
<ul><li><strong>At work and in education it is prohibited in the European Union.</strong> The EU AI Act, \
Article 5(1)(f), forbids inferring the emotions of a person from biometric data, such as the voice, in the
workplace
and in education institutions, except for medical or safety reasons. This includes job interviews,
call-center staff,
pupils and students.</li>
<li><strong>Elsewhere people must know and agree.</strong> Voice recordings are personal data (GDPR); tell
the people
recorded that expressed affect is analyzed, obtain their consent, let them withdraw it. Other emotion
recognition may
count as high-risk under the AI Act (Annex III) and carries a duty to inform (Article 50).</li>
<li><strong>No diagnosis, no lie detection, no hidden monitoring.</strong> The output is no medical device
and no
evidence of truthfulness, intent, personality or health. It must not decide about a person.</li></ul>
<p class="note">This is a summary, not legal advice.</p></section>
"""


def reading_guide(columns: Columns) -> str:
    """Return the reading guide, with a part for each thing that the report shows."""
    parts = [READING]
    parts += [CATEGORIES] if columns.categories else []
    parts += [DOUBT] if len(columns.categories) > 1 else []
    parts += [DERIVED] if columns.derived else []
    parts += [OWN] if columns.dimensions else []
    return "".join(parts) + "</section>\n"
