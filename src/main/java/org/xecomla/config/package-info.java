/** Validated records: the model's shape and the run's settings, HOCON in, unknown keys refused. */
package org.xecomla.config;
