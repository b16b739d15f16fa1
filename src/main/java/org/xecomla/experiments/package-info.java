/** Experiments that print tables; nothing else uses them. */
package org.xecomla.experiments;
