package org.xecomla.spark.driver;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * Gauges of the training stage that runs, in the driver's metrics: whatever sink Spark is given has them, and its own
 * servlet shows them to Prometheus under {@code /metrics/prometheus}. They are as new as the executors' heartbeats.
 *
 * <p>Names, behind what Spark puts before those of a plugin: {@code train_step}, {@code train_num_steps},
 * {@code train_tokens}, {@code train_loss}, {@code train_seconds} (of the attempt) and
 * {@code train_tokens_per_second}, which counts from the first heartbeat of an attempt on. Before any training all are
 * 0, the loss NaN.
 */
public final class MetricsPlugin implements SparkPlugin {
    @Override
    public DriverPlugin driverPlugin() {
        return new Driver();
    }

    /** Null, as Spark wants it of a plugin that does nothing on executors. */
    @Override
    public ExecutorPlugin executorPlugin() {
        return null;
    }

    /** Listens to the heartbeats of the driver that it is a part of. */
    private static final class Driver implements DriverPlugin {
        private static final Progress NONE = new Progress(0, 0, 0, Double.NaN, 0);

        private volatile Progress first = NONE; // of the attempt
        private volatile Progress newest = NONE;

        @Override
        public Map<String, String> init(SparkContext spark, PluginContext context) {
            spark.addSparkListener(new ProgressListener(this::heard, false));
            return Map.of();
        }

        private void heard(Progress progress) {
            if (progress.millis() < newest.millis() || newest.equals(NONE)) {
                first = progress;
            }
            newest = progress;
        }

        @Override
        public void registerMetrics(String appId, PluginContext context) {
            MetricRegistry registry = context.metricRegistry();
            gauge(registry, "train_step", Progress::step);
            gauge(registry, "train_num_steps", Progress::numSteps);
            gauge(registry, "train_tokens", Progress::tokens);
            gauge(registry, "train_loss", Progress::loss);
            gauge(registry, "train_seconds", progress -> progress.millis() / 1e3);
            gauge(registry, "train_tokens_per_second", this::rate);
        }

        private double rate(Progress progress) {
            double seconds = (progress.millis() - first.millis()) / 1e3;
            return seconds > 0 ? (progress.tokens() - first.tokens()) / seconds : 0;
        }

        private void gauge(MetricRegistry registry, String name, ToDoubleFunction<Progress> value) {
            registry.register(name, (Gauge<Double>) () -> value.applyAsDouble(newest));
        }
    }
}
