using Foretoken.Hardware.Coefficients.Operators;

namespace Foretoken.Hardware.Coefficients;

/// <summary>What the ranks of a replica exchange.</summary>
internal sealed class Collectives
{
    private readonly ICollective? _reduce;
    private readonly ICollective? _gatherTensor;
    private readonly ICollective? _gather;
    private readonly ICollective? _scatter;
    private readonly ICollective? _scatterTensor;
    private readonly ICollective? _gatherContext;
    private readonly ICollective? _scatterContext;
    private readonly double _eagerUs;
    private readonly double _sendUs;
    private readonly double _link;

    public Collectives(Deployment deployment, IOperators operators, EngineOverheads overheads)
    {
        var layout = deployment.Layout;
        var domain = (int)(deployment.Gpu.Domain?.Value ?? 8);
        _eagerUs = overheads.EagerCollectiveUs;
        _sendUs = operators.SendUs;
        _link = layout.Gpus > domain ? operators.Figures.Nic : operators.Figures.Link;
        if (layout.TensorParallel > 1)
        {
            _reduce = operators.Collective("all_reduce", layout.TensorParallel, custom: true, domain);
            _gatherTensor = operators.Collective("all_gather", layout.TensorParallel, custom: false, domain);
        }

        if (layout.SequenceParallel && layout.TensorParallel > 1)
        {
            _scatterTensor = operators.Collective("reduce_scatter", layout.TensorParallel, custom: false, domain);
        }

        if (layout.DecodeContextParallel > 1)
        {
            _gatherContext = operators.Collective("all_gather", layout.DecodeContextParallel, custom: false, domain);
            _scatterContext = operators.Collective("reduce_scatter", layout.DecodeContextParallel, custom: false, domain);
        }

        if (layout.AttentionDataParallel > 1)
        {
            _gather = operators.Collective("all_gather", layout.ExpertRanks, custom: false, domain);
            _scatter = operators.Collective("reduce_scatter", layout.ExpertRanks, custom: false, domain);
        }
    }

    /// <summary>All-reduce over the tensor-parallel ranks, us.</summary>
    public double AllReduce(double bytes, bool graph) => _reduce is null ? 0
        : (_scatterTensor is null ? _reduce.Us(bytes) : _scatterTensor.Us(bytes) + _gatherTensor!.Us(bytes)) + (graph ? 0 : _eagerUs);

    /// <summary>Queries to, and partial sums from, the ranks that share a KV cache by tokens, us.</summary>
    public double ShareContext(double bytes) => _gatherContext is null ? 0 : _gatherContext.Us(bytes) + _scatterContext!.Us(bytes);

    /// <summary>All-gather over the tensor-parallel ranks, us.</summary>
    public double Gather(double bytes) => _gatherTensor?.Us(bytes) ?? 0;

    /// <summary>Tokens to the experts and back over all ranks, us.</summary>
    public double Exchange(double bytes) => (_gather?.Us(bytes) ?? 0) + (_scatter?.Us(bytes) ?? 0);

    /// <summary>Activations to the next pipeline stage, us.</summary>
    public double Send(double bytes) => _sendUs + (bytes / _link);
}
