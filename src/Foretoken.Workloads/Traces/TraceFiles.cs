using Foretoken.Quantities;
using Foretoken.Workloads.Traces.Input;
using Foretoken.Workloads.Traces.Readers;

namespace Foretoken.Workloads.Traces;

/// <summary>Opens trace files of every format, plain, .gz or .br.</summary>
public static class TraceFiles
{
    private const int HeadBytes = 64 << 10;

    /// <summary>
    /// Opens a trace. Compression is recognised by the first bytes (gzip) or the name's ending (.br), the format by the
    /// content unless <paramref name="options"/> name one. Rows are read as they are asked for.
    /// </summary>
    /// <exception cref="InputException">The file cannot be read, or its format is not recognised.</exception>
    public static ITraceReader Open(string path, TraceReadOptions? options = null)
    {
        options ??= TraceReadOptions.Default;
        options.Validate();
        var input = TraceInput.Open(path, options.MaximumLineBytes);
        try
        {
            return Open(input, options);
        }
        catch
        {
            input.Dispose();
            throw;
        }
    }

    /// <summary>As <see cref="Open(string, TraceReadOptions?)"/>, from a stream of uncompressed bytes; <paramref name="name"/> stands in messages.</summary>
    /// <exception cref="InputException">The stream cannot be read, or its format is not recognised.</exception>
    public static ITraceReader Open(Stream stream, string name, TraceReadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        options ??= TraceReadOptions.Default;
        options.Validate();
        return Open(new TraceInput(name, stream, options.MaximumLineBytes), options);
    }

    private static ITraceReader Open(TraceInput input, TraceReadOptions options)
    {
        input.FillTo(HeadBytes);
        if (input.Window.IsEmpty)
        {
            throw new InputException(input.Name, "is empty", "a trace needs at least one request");
        }

        var format = options.Format ?? FormatDetection.Recognise(input.Name, input.Window);
        return format switch
        {
            TraceFormat.Mooncake => new MooncakeReader(new LineScanner(input), options),
            TraceFormat.AzureLlm => new AzureLlmReader(new LineScanner(input), options),
            TraceFormat.BurstGpt => new BurstGptReader(new LineScanner(input), options),
            _ => throw new InputException(input.Name, $"format {format} cannot be read"),
        };
    }
}
