package org.xecomla.config;

/** Type of written weights: keys {@code export.dtype} and {@code pretrain.dtype}. */
public enum WeightType {
    F32,
    BF16,
    F16
}
