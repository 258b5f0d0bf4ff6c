"""Makes some models of scikit-learn misbehave, in every interpreter that finds this module on its path.

Loaded by Python itself at start. The classes are changed once scikit-learn imports them.
"""

import importlib.abc
import importlib.util
import sys


def crash(self, *_, **__):
    import faulthandler
    import os
    import signal

    faulthandler.disable()
    os.kill(os.getpid(), signal.SIGSEGV)


def sleep_for_ever(self, *_, **__):
    import time

    time.sleep(10**6)


def hoard(self, *_, **__):
    import numpy as np

    return np.ones((1000, 2**27)).sum()


def spin_in_c(self, *_, **__):
    # One call of the C library that comes back to the interpreter after hours.
    return sum(range(10**13))


def ignore_requests_to_end(self, *_, **__):
    import signal
    import time

    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    time.sleep(10**6)


FAULTS = {
    "sklearn.naive_bayes": {"GaussianNB": crash},
    "sklearn.discriminant_analysis": {
        "QuadraticDiscriminantAnalysis": sleep_for_ever,
        "LinearDiscriminantAnalysis": hoard,
    },
    "sklearn.neighbors": {"KNeighborsClassifier": spin_in_c},
    "sklearn.linear_model._stochastic_gradient": {"SGDClassifier": ignore_requests_to_end},
}


class Saboteur(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name not in FAULTS:
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            sys.meta_path.insert(0, self)
        load = spec.loader.exec_module

        def load_and_spoil(module):
            load(module)
            for class_name, fault in FAULTS[name].items():
                getattr(module, class_name).fit = fault

        spec.loader.exec_module = load_and_spoil
        return spec


sys.meta_path.insert(0, Saboteur())
