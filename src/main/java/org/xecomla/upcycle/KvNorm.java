package org.xecomla.upcycle;

/** RMSNorm on the KV latent. Stock servers always apply one. */
public enum KvNorm {
    /** No norm: X-EcoMLA's shipped configurations. */
    NONE,
    /** A norm with gain 1: X-EcoMLA's class default. */
    UNIT,
    /** A norm that changes as little as possible on the calibration text. */
    CALIBRATED
}
