"""Wav2vec 2.0 with a mean-pooled two-layer head, as dimensional emotion checkpoints publish it."""

import torch
from torch import nn
from transformers import Wav2Vec2Config, Wav2Vec2Model, Wav2Vec2PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput


class PooledHead(nn.Module):
    """Map one pooled vector to K values: dense, tanh, dense."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        """Build the two layers at the encoder's width.

        Args:
            config: gives `hidden_size` and `num_labels`.
        """
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.out_proj = nn.Linear(config.hidden_size, config.num_labels)

    def forward(self, pooled: torch.Tensor) -> torch.Tensor:
        """Return (B, K) values of (B, D) pooled vectors."""
        return self.out_proj(torch.tanh(self.dense(pooled)))


class PooledSpeechModel(Wav2Vec2PreTrainedModel):
    """Read checkpoints whose config names `Wav2Vec2ForSpeechClassification`.

    `transformers` has no class of that name: its own audio classifier has another head, would load the
    encoder and leave the head random. Use this one for them. For clips of one length only: padding is not
    masked.

    Source: Wagner et al., Dawn of the transformer era in speech emotion recognition, IEEE TPAMI 2023, sec. 3.
    """

    def __init__(self, config: Wav2Vec2Config) -> None:
        """Build encoder and head.

        Args:
            config: of the checkpoint.
        """
        super().__init__(config)
        self.wav2vec2 = Wav2Vec2Model(config)
        self.classifier = PooledHead(config)
        self.post_init()

    def forward(self, input_values: torch.Tensor, **_unused: torch.Tensor) -> SequenceClassifierOutput:
        """Return `logits` (B, K) of samples (B, S), all real."""
        hidden = self.wav2vec2(input_values).last_hidden_state  # (B, T, D)
        return SequenceClassifierOutput(logits=self.classifier(hidden.mean(dim=1)))
