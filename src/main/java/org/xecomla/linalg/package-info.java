/** Dense linear algebra in double: matrices, products, decompositions by LAPACK. */
package org.xecomla.linalg;
