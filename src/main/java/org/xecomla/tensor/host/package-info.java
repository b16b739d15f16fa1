/** Memory and threads of the processor. */
package org.xecomla.tensor.host;
