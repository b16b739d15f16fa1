/** The stages of a run, each spread over the cluster. */
package org.xecomla.spark.stage;
