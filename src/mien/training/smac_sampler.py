"""Let SMAC say what to try next: a random forest of the trials so far, and expected improvement."""

import tempfile
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution

from mien.core.optional import require
from mien.training.search_space import Choice, Number, Space, is_active

SUCCEEDED, FAILED = optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED
CHALLENGERS = 1000
"""Points at which the improvement is looked at for each trial."""


class SmacSampler(optuna.samplers.BaseSampler):
    """Choose a trial's settings by SMAC, from all finished trials of the study.

    Nothing is kept between trials, so that several processes, and a search that was stopped, choose as one
    that was not. Failed trials count as the worst one so far.

    Args:
        space: what may be chosen.
        seed: of this trial.
        startup: finished trials before the forest is asked; until then settings are drawn at random.

    Raises:
        MissingExtra: SMAC is not installed.

    Source:
        M. Lindauer et al., SMAC3: A Versatile Bayesian Optimization Package for Hyperparameter Optimization,
        JMLR 23, 2022; F. Hutter et al., Sequential Model-Based Optimization for General Algorithm
        Configuration, LION 2011.
    """

    def __init__(self, space: Space, *, seed: int, startup: int) -> None:
        self._smac, self._spaces = require("smac", "smac"), require("ConfigSpace", "smac")
        self._space, self._seed, self._startup = space, seed, startup
        self._random = optuna.samplers.RandomSampler(seed=seed)

    def infer_relative_search_space(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return all settings, once there are trials to learn from."""
        done = study.get_trials(deepcopy=False, states=(SUCCEEDED,))
        return (
            {name: distribution(one) for name, one in self._space.items()}
            if len(done) >= self._startup
            else {}
        )

    def sample_relative(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        """Return the settings that SMAC would try next."""
        if not search_space:
            return {}
        done = study.get_trials(deepcopy=False, states=(SUCCEEDED, FAILED))
        worst = min(one.value for one in done if one.value is not None)
        scores = [worst if one.value is None else one.value for one in done]
        config = self._asked([self._numbered(one.params) for one in done], scores)
        found: dict[str, Any] = {}
        for name, one in self._space.items():
            if is_active(one, found):
                value = config[name]
                found[name] = one.options[int(value)] if isinstance(one, Choice) else _plain(value, one)
        return found

    def sample_independent(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return one setting at random, before there are trials to learn from."""
        return self._random.sample_independent(study, trial, param_name, param_distribution)

    def _asked(self, tried: list[dict[str, Any]], scores: list[float]) -> dict[str, Any]:
        """Tell SMAC all trials and ask for the next."""
        kinds = self._smac.runhistory.dataclasses
        facade_kind = self._smac.HyperparameterOptimizationFacade
        space = self._configurations()
        configs = [self._spaces.Configuration(space, values) for values in tried]
        with tempfile.TemporaryDirectory() as folder:
            scenario = self._smac.Scenario(
                space, deterministic=True, n_trials=len(tried) + 1, seed=self._seed,
                output_directory=Path(folder),
            )  # fmt: skip
            facade = facade_kind(
                scenario,
                lambda config, seed=0: 0.0,
                initial_design=facade_kind.get_initial_design(
                    scenario, n_configs=0, additional_configs=configs
                ),
                acquisition_maximizer=facade_kind.get_acquisition_maximizer(
                    scenario, challengers=CHALLENGERS
                ),
                overwrite=True,
                logging_level=False,
            )
            for config, score in zip(configs, scores, strict=True):
                facade.tell(kinds.TrialInfo(config, seed=0), kinds.TrialValue(cost=-score))
            return dict(facade.ask().config)

    def _configurations(self) -> Any:
        """Return the space as SMAC has it; of choices it sees the numbers."""
        made = self._spaces.ConfigurationSpace(seed=self._seed)
        known: dict[str, Any] = {}
        for name, one in self._space.items():
            if isinstance(one, Choice):
                known[name] = self._spaces.Categorical(name, list(range(len(one.options))))
            else:
                kind = self._spaces.Integer if one.whole else self._spaces.Float
                known[name] = kind(name, (one.low, one.high), log=one.log)
            made.add(known[name])
            if one.only is not None:
                parent, value = one.only
                place = self._space[parent].options.index(value)
                made.add(self._spaces.EqualsCondition(known[name], known[parent], place))
        return made

    def _numbered(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Return settings with choices as their numbers."""
        return {
            name: one.options.index(settings[name]) if isinstance(one, Choice) else settings[name]
            for name, one in self._space.items()
            if name in settings
        }


def distribution(one: Number | Choice) -> BaseDistribution:
    """Return what Optuna calls a setting's range.

    Args:
        one: the setting.

    Example:
        >>> distribution(Choice(("probe", "lora")))
        CategoricalDistribution(choices=('probe', 'lora'))
    """
    if isinstance(one, Choice):
        return optuna.distributions.CategoricalDistribution(list(one.options))
    if one.whole:
        return optuna.distributions.IntDistribution(int(one.low), int(one.high), log=one.log)
    return optuna.distributions.FloatDistribution(one.low, one.high, log=one.log)


def _plain(value: Any, one: Number) -> int | float:
    """Return a number within its range; logarithms come back with their rounding."""
    return int(value) if one.whole else min(max(float(value), one.low), one.high)
