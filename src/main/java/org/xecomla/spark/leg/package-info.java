/** Training by replicas that live as long as an attempt: barrier jobs, and what follows a lost executor. */
package org.xecomla.spark.leg;
