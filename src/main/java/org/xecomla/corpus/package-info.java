/** From text to token sequences: tokenizer, documents, packing, token shards, and the order in which sequences are seen. */
package org.xecomla.corpus;
