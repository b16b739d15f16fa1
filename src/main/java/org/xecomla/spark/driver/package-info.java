/** What the driver and its tasks share: contexts, outcomes, progress, control from outside. */
package org.xecomla.spark.driver;
