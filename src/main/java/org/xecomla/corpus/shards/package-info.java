/**
 * Token sequences of fixed length in shards, the pairs of preferences beside them, and the order in which they
 * are seen.
 */
package org.xecomla.corpus.shards;
