using System.Globalization;
using Foretoken.Hardware.Gpus;
using Foretoken.Reports.Terminal;

namespace Foretoken.Reports.Hardware;

/// <summary><c>foretoken gpus</c> for people.</summary>
public static class GpuReport
{
    /// <summary>A table of accelerators, one line each.</summary>
    public static string List(IReadOnlyList<Gpu> gpus, int width, bool colour)
    {
        var table = new TextTable([
            new("name", 0), new("GiB", 0), new("GB/s", 1), new("bf16", 2), new("fp8", 3), new("fp4", 4),
            new("link", 5), new("domain", 7), new("watts", 8), new("$/h", 6),
        ]);
        foreach (var gpu in gpus)
        {
            table.Add(
                Ink.Clean(gpu.Name), Show(gpu.MemoryGib), Show(gpu.BandwidthGbs), Show(gpu.Bf16Tflops), Show(gpu.Fp8Tflops), Show(gpu.Fp4Tflops),
                Show(gpu.ScaleUpGbs), Show(gpu.Domain), Show(gpu.PowerW), Price(gpu));
        }

        using var to = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        table.Render(to, width, new Ink(colour));
        to.WriteLine();
        Paragraph.Write(to, $"{gpus.Count} GPUs. bf16, fp8, fp4: dense peak TFLOPS. link: scale-up GB/s one way. $/h: low-high per GPU. Sources: foretoken gpus explain NAME", width);
        return to.ToString();
    }

    /// <summary>Every figure of one accelerator with its source.</summary>
    public static string Explain(Gpu gpu, int width, bool colour)
    {
        var ink = new Ink(colour);
        using var to = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        to.WriteLine(ink.Bold(Ink.Clean($"{gpu.Title} ({gpu.Name})")));
        if (gpu.Also.Count > 0)
        {
            Paragraph.Write(to, Ink.Clean("also called " + string.Join(", ", gpu.Also)), width);
        }

        to.WriteLine();
        foreach (var (name, _, unit, figure) in gpu.Figures)
        {
            var value = figure is null ? "-" : Show(figure);
            to.WriteLine($"{name,-18}{value,9} {(figure is null ? "not known" : unit),-7} {ink.Dim(Ink.Clean(figure?.Source ?? ""))}".TrimEnd());
        }

        to.WriteLine();
        if (gpu.Fp8Tflops is not null || gpu.Bf16Tflops is not null)
        {
            var balance = gpu.Bf16Tflops.Value * 1000 / gpu.BandwidthGbs.Value;
            Paragraph.Write(to, string.Create(CultureInfo.InvariantCulture, $"Balance: {balance:F0} bf16 operations per byte read. A batch of fewer than about {balance:F0} tokens is bound by reading weights."), width);
        }

        if (gpu.Note.Length > 0)
        {
            Paragraph.Write(to, Ink.Clean("Note: " + gpu.Note), width);
        }

        return to.ToString();
    }

    private static string Show(Figure? figure) => figure is null ? "-" : figure.Value.ToString("#,0.##", CultureInfo.InvariantCulture);

    private static string Price(Gpu gpu) => gpu.PriceLow is null ? "-"
        : gpu.PriceLow.Value == gpu.PriceHigh?.Value ? Dollars(gpu.PriceLow.Value)
        : Dollars(gpu.PriceLow.Value) + "-" + Dollars(gpu.PriceHigh!.Value);

    private static string Dollars(double value) => value.ToString("0.0#", CultureInfo.InvariantCulture);
}
