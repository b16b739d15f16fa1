/**
 * The model: layers with hand-written forward and backward over {@code tensor.Kernels}, the chunked head and its
 * losses.
 */
package org.xecomla.nn;
