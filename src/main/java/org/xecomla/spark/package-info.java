/** Spreads the stages over a Spark cluster: the only package that knows Spark. */
package org.xecomla.spark;
