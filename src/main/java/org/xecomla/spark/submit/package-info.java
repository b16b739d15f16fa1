/** What spark-submit is told. */
package org.xecomla.spark.submit;
