/** All measuring of speed: training steps, decoding, averaging, against other engines and alone. */
package org.xecomla.bench;
