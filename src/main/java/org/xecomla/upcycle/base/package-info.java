/** A base as conversions see it: the attention weights of a layer, and what calibration text shows of its inputs. */
package org.xecomla.upcycle.base;
