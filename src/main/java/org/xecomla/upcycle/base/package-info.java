/**
 * A base as conversions see it: the attention weights of a layer, what calibration text shows of its inputs, and a
 * weight cut to a rank.
 */
package org.xecomla.upcycle.base;
