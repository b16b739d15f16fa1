/** Looks for what would stop a run, here and on the executors. */
package org.xecomla.spark.doctor;
