/** This project's students: Llama's keys, and those of latent layers beside them. */
package org.xecomla.formats.xecomla;
