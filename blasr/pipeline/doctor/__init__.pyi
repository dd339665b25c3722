from .diagnosis import Diagnosis as Diagnosis
from .diagnosis import diagnose as diagnose
from .diagnosis import warm as warm
from .installation import EXTRAS as EXTRAS
from .self_tests import SELF_TESTS as SELF_TESTS
from .self_tests import SelfTestResult as SelfTestResult
