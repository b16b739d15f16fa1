/** A checkpoint put to work: loaded for inference, continuing a prompt, exported for servers. */
package org.xecomla.serve;
