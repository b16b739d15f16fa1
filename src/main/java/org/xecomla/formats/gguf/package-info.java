/** GGUF: a model and its tokenizer in one file, which llama.cpp and all that is built on it load. */
package org.xecomla.formats.gguf;
