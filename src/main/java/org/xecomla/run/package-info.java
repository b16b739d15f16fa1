/** A run as its directories and models, for whoever works on it. Knows no Spark. */
package org.xecomla.run;
