/** Model checkpoints: safetensors files, Hugging Face's configuration and names, and the row order of rotated dimensions. */
package org.xecomla.checkpoint;
