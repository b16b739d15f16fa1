package org.xecomla.tensor.torch;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;

/** One operation: frees at its end every native object that was made since its beginning. Of the calling thread. */
final class TorchScope implements AutoCloseable {
    private final PointerScope pointers = new PointerScope();
    private final NoGradGuard noGradients = new NoGradGuard();

    @Override
    public void close() {
        noGradients.close();
        pointers.close();
    }
}
