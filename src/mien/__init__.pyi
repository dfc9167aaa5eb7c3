from mien import core as core
from mien import corpora as corpora
from mien import evaluation as evaluation
from mien import features as features
from mien import prediction as prediction
from mien import reports as reports
from mien import signals as signals
from mien.features.extraction import extract_table as extract
from mien.nets.embed import embed as embed
from mien.prediction.affect import Affect as Affect
from mien.prediction.analyze import analyze as analyze
from mien.prediction.model_card import ModelSummary as ModelSummary
from mien.prediction.model_card import shipped as models
from mien.prediction.predictor import load_predictor as load_predictor

__version__: str
__all__ = ["Affect", "ModelSummary", "__version__", "analyze", "embed", "extract", "load_predictor", "models"]
