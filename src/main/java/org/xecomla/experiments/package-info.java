/** What is compared with other implementations, and experiments that print tables; no stage uses them. */
package org.xecomla.experiments;
