"""quantise_gguf.py LIBRARIES IN OUT FTYPE: llama.cpp's own quantiser, out of its library, with its default settings."""

import ctypes
import glob
import sys

libraries, source, target, ftype = sys.argv[1:]


class Parameters(ctypes.Structure):
    """llama_model_quantize_params: its first two fields, and room for more than the others take."""

    _fields_ = [("nthread", ctypes.c_int32), ("ftype", ctypes.c_int32), ("others", ctypes.c_byte * 504)]


llama = ctypes.CDLL(glob.glob(libraries + "/libllama.v*.so")[0], mode=ctypes.RTLD_GLOBAL)
llama.llama_model_quantize_default_params.restype = Parameters
llama.llama_model_quantize.restype = ctypes.c_uint32
parameters = llama.llama_model_quantize_default_params()
parameters.nthread = 1
parameters.ftype = int(ftype)
if llama.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(parameters)) != 0:
    sys.exit(source + ": llama.cpp cannot quantise it")
