package org.xecomla.linalg;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas;

/** The OpenBLAS that computes this process's products. */
public final class BlasLibrary {
    private BlasLibrary() {}

    /**
     * The processor that OpenBLAS has chosen its kernels for, such as SkylakeX or Haswell, Prescott where it knew none.
     *
     * @throws UnsatisfiedLinkError where it does not load on this machine
     */
    public static String core() {
        // JavaCPP's bindings leave this function out; JNA comes with the tokeniser.
        NativeLibrary library = NativeLibrary.getInstance(Loader.load(openblas.class));
        Function core = library.getFunction("openblas_get_corename");
        return core.invokeString(new Object[0], false);
    }
}
