/** The bytes of safetensors files: headers, types, tensors; what the names mean is for others. */
package org.xecomla.safetensors;
