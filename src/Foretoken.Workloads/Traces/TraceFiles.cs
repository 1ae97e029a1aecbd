using Foretoken.Quantities;
using Foretoken.Workloads.Traces.Input;
using Foretoken.Workloads.Traces.Readers;
using Foretoken.Workloads.Traces.Writers;

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

    /// <summary>
    /// Creates a trace. The name's ending says the compression (.gz, .br). The file appears under its name only when
    /// <see cref="ITraceWriter.Complete"/> was called.
    /// </summary>
    /// <param name="path">The file to write.</param>
    /// <param name="format">Its format.</param>
    /// <param name="replace">Whether a file of that name may be replaced.</param>
    /// <exception cref="InputException">The file exists and may not be replaced, or cannot be written.</exception>
    public static ITraceWriter Create(string path, TraceFormat format, bool replace = false)
    {
        var output = new AtomicOutput(path, replace);
        return format switch
        {
            TraceFormat.Mooncake => new MooncakeWriter(output, path),
            TraceFormat.AzureLlm => new AzureLlmWriter(output, path),
            TraceFormat.BurstGpt => new BurstGptWriter(output, path),
            TraceFormat.ShareGpt => new ShareGptWriter(output, path),
            TraceFormat.DynamoRequestTrace => new DynamoRequestTraceWriter(output, path),
            TraceFormat.AiPerf => new AiPerfWriter(output, path),
            TraceFormat.VllmBench => new VllmBenchWriter(output, path),
            TraceFormat.ForetokenBinary => new BinaryTraceWriter(output, path),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Not a trace format."),
        };
    }

    private static ITraceReader Open(TraceInput input, TraceReadOptions options)
    {
        input.FillTo(HeadBytes);
        if (input.Window.IsEmpty)
        {
            throw new InputException(input.Name, "is empty", "a trace needs at least one request");
        }

        var format = options.Format ?? FormatDetection.Recognise(input.Name, input.Window);
        if (options.ClassFrom is { } key && (format is TraceFormat.VllmBench or TraceFormat.ForetokenBinary))
        {
            throw new InputException(
                input.Name,
                $"cannot name classes by '{key}': {(format == TraceFormat.VllmBench ? "a result of vllm bench says nothing about single requests but lengths and times" : "a .ftrace holds the classes that it was written with")}",
                "leave class_from (--class-from) out");
        }

        return format switch
        {
            TraceFormat.Mooncake => new MooncakeReader(Records(input), options),
            TraceFormat.AzureLlm => new AzureLlmReader(new LineScanner(input), options),
            TraceFormat.BurstGpt => new BurstGptReader(new LineScanner(input), options),
            TraceFormat.ShareGpt => new ShareGptReader(Records(input), options),
            TraceFormat.DynamoRequestTrace => new ByArrivalReader(new DynamoRequestTraceReader(Records(input), options)),
            TraceFormat.AiPerf => new ByArrivalReader(new AiPerfReader(Records(input), options)),
            TraceFormat.VllmBench => new ByArrivalReader(new VllmBenchReader(input, options)),
            TraceFormat.ForetokenBinary => new BinaryTraceReader(input),
            _ => throw new ArgumentOutOfRangeException(nameof(options), format, "Not a trace format."),
        };
    }

    /// <summary>JSON objects, one per line or as the elements of one array.</summary>
    private static RecordScanner Records(TraceInput input)
    {
        var head = input.Window;
        if (head.StartsWith("\uFEFF"u8))
        {
            head = head[3..];
        }

        return head.TrimStart(" \t\r\n"u8) is [(byte)'[', ..] ? new ArrayScanner(input) : new LineScanner(input);
    }
}
