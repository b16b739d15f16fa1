/** Matrix products with operands rounded to bfloat16, by oneDNN. */
package org.xecomla.tensor.cpu.bf16;
