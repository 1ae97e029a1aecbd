using System.Text.Json;

namespace Foretoken.Hardware.Coefficients;

/// <summary>A calibration as JSON: what <c>foretoken fit silicon</c> writes and the built-in one is stored as.</summary>
public static class CalibrationJson
{
    // Factors closer to one than this say nothing.
    private const double Least = 0.004;

    /// <summary>Writes a calibration; numbers to four digits, factors of about one left out.</summary>
    public static void Write(Calibration calibration, TextWriter to)
    {
        to.Write("{\n  \"overheads\": [\n");
        var overheads = calibration.Overheads.Select(o => Line(
            ("engine", o.Engine), ("before", o.Before), ("elementwise_us", o.ElementwiseUs), ("elementwise_bytes", o.ElementwiseBytes), ("eager_layer_us", o.EagerLayerUs),
            ("eager_collective_us", o.EagerCollectiveUs), ("step_us", o.StepUs), ("host_us", o.HostUs), ("sequence_us", o.SequenceUs), ("single_gpu_host", o.SingleGpuHost), ("overlapped", o.Overlapped),
            ("prefill_factor", o.PrefillFactor), ("imbalance_factor", o.ImbalanceFactor), ("frontend_ms", o.FrontendMs), ("frontend_token_us", o.FrontendTokenUs)));
        to.Write(string.Join(",\n", overheads));
        to.Write("\n  ],\n  \"factors\": [");
        var factors = calibration.Factors.Where(f => Says(f.Decode) || Says(f.Prefill) || Says(f.PromptAttention)).Select(f => "\n" + Line(
            ("engine", f.Engine), ("gpu", f.Gpu), ("model", f.Model), ("experts", f.Experts), ("decode", f.Decode), ("prefill", f.Prefill), ("prompt_attention", f.PromptAttention)));
        to.Write(string.Join(',', factors));
        to.Write("\n  ]\n}\n");
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="text">The JSON.</param>
    /// <param name="place">The file, for messages.</param>
    /// <exception cref="Quantities.InputException">It is no calibration.</exception>
    public static Calibration Read(string text, string place)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return Calibration.Parse(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new Quantities.InputException(place, $"is no calibration: {e.Message}", "a file that 'foretoken fit silicon' wrote");
        }
    }

    private static bool Says(double factor) => Math.Abs(factor - 1) > Least;

    private static string Line(params (string Key, object Value)[] fields)
    {
        var shown = fields.Where(f => f.Value is not "").Select(f => $"\"{f.Key}\": " + f.Value switch
        {
            string text => $"\"{JsonEncodedText.Encode(text)}\"",
            bool flag => flag ? "true" : "false",
            double number => Number(number),
            _ => throw new InvalidOperationException(),
        });
        return "    { " + string.Join(", ", shown) + " }";
    }

    private static string Number(double value) => value == 0 ? "0" : double.Parse(value.ToString("G4", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture).ToString("R", System.Globalization.CultureInfo.InvariantCulture);
}
