package org.xecomla.spark.driver;

import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.xecomla.files.HadoopSettings;

/**
 * What Spark tells Hadoop: every {@code spark.hadoop.*} of its configuration, in a driver before its session is there
 * (spark-submit makes them system properties) as in an executor, which has the driver's.
 */
public final class SparkHadoopSettings implements HadoopSettings {
    @Override
    public Configuration configuration() {
        SparkEnv env = SparkEnv.get();
        return SparkHadoopUtil.get().newConfiguration(env == null ? new SparkConf() : env.conf());
    }
}
