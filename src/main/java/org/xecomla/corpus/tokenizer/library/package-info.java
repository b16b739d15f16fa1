/**
 * Hugging Face's tokenizers library behind one interface: in this process for files of parts that are known not to end
 * it, in a process of its own for all others.
 */
package org.xecomla.corpus.tokenizer.library;
