/** Trains a model in one JVM, alone or as one of several replicas that average their weights. */
package org.xecomla.train;
