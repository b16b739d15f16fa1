/** Which kernels a process computes with, on what device, and how much memory a computation will take. */
package org.xecomla.tensor.engine;
