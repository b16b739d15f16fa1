/** Text to token ids and back: Hugging Face tokenizers, and the byte-level BPE that this project trains. */
package org.xecomla.corpus.tokenizer;
