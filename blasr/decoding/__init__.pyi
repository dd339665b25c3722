from .decode_table import DecodedUtterance as DecodedUtterance
from .decode_table import check_columns as check_columns
from .decode_table import check_graph as check_graph
from .decode_table import decode_table as decode_table
from .lattice_decoder import DecoderConfig as DecoderConfig
from .lattice_decoder import LatticeDecoder as LatticeDecoder
from .viterbi import ForcedAlignment as ForcedAlignment
from .viterbi import force_align as force_align
