package org.xecomla.tensor;

/** The gated activation of the feed-forward layer (Shazeer 2020). */
public interface SwiGlu {
    /** out = silu(gate) * up, all (N, F). */
    void forward(Tensor gate, Tensor up, Tensor out);

    /** dGate and dUp (N, F) from dOut; dGate may be gate's own memory, dUp up's, dOut stays. */
    void backward(Tensor dOut, Tensor gate, Tensor up, Tensor dGate, Tensor dUp);
}
