/** Numbers about a model: perplexity, divergence from the teacher, size of the cache, and what n-grams reach. */
package org.xecomla.eval;
