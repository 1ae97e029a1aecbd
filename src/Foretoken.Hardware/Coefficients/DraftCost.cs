using Foretoken.Hardware.Coefficients.Operators;
using Foretoken.Hardware.Models;

namespace Foretoken.Hardware.Coefficients;

/// <summary>What drafting costs between two verifications: small forward passes of one token per request.</summary>
internal sealed class DraftCost
{
    private readonly List<LayerCost> _layers = [];
    private readonly StepCost? _model;
    private readonly IProduct? _fuse;
    private readonly IProduct? _head;
    private readonly int _passes;

    public DraftCost(Deployment deployment, SpeculationCost speculation, IOperators operators, Collectives collectives, EngineOverheads overheads)
    {
        var model = deployment.Model;
        _passes = speculation.Kind switch { DraftKind.Ngram => 0, DraftKind.Parallel => 1, _ => speculation.DraftTokens };
        switch (speculation.Kind)
        {
            case DraftKind.Ngram:
                return;
            case DraftKind.DraftModel when speculation.DraftModel is { } draft:
                _model = new StepCost(deployment with { Model = draft, Speculation = null });
                return;
            case DraftKind.Mtp when model.MtpLayers.Count > 0:
                _layers.Add(new LayerCost(model.MtpLayers[0], 1, model, deployment, operators, collectives, overheads));
                break;
            default:
                // EAGLE heads and parallel drafters are one decoder layer like the model's own; a dense one where it has any.
                _layers.Add(new LayerCost(model.Layers.FirstOrDefault(l => l.Ffn.Experts == 0 && l.Attention.Kind != AttentionKind.None) ?? model.Layers[0], 1, model, deployment, operators, collectives, overheads));
                break;
        }

        var tp = deployment.Layout.TensorParallel;
        _fuse = operators.Product("draft head", "bfloat16", 2, model.Hidden, 2.0 * model.Hidden / tp);
        _head = operators.Product("draft head", "bfloat16", 2, Math.Ceiling((double)model.Vocabulary / tp), model.Hidden);
    }

    /// <summary>Microseconds for all draft tokens of so many requests.</summary>
    public double Us(double requests, double context, double groupFactor)
    {
        if (_passes == 0 || requests <= 0)
        {
            return 0;
        }

        if (_model is not null)
        {
            return _passes * (_model.DenseUs(requests, true) + _model.ExpertsUs(requests * groupFactor, prompts: false) + _model.DecodeAttentionUs(requests, context, 1) + _model.HeadUs(requests));
        }

        var pass = _fuse!.Us(requests) + _head!.Us(requests);
        foreach (var layer in _layers)
        {
            pass += layer.ProductsUs(requests) + layer.SmallUs(requests) + layer.ReduceUs(requests, true) + layer.ExpertsUs(requests * groupFactor, prompts: false) + layer.Mixer.Decode(requests, context, 1);
        }

        return _passes * pass;
    }
}
